/** How Teams draws a card, in the words of Microsoft's renderer. Colours are variables of teams.css, so that light and dark need no drawing anew. */

const shade = (name: string) => ({ default: `var(--teams-${name})`, subtle: `var(--teams-${name}-soft, var(--teams-${name}))` });

const foregroundColors = {
  default: shade('ink'),
  dark: { default: '#242424', subtle: '#616161' },
  light: { default: '#ffffff', subtle: '#f0f0f0' },
  accent: shade('accent-ink'),
  good: shade('good'),
  warning: shade('warning'),
  attention: shade('attention'),
};
const container = (ground: string) => ({
  backgroundColor: `var(--teams-${ground})`,
  borderColor: 'var(--teams-line)',
  foregroundColors,
});

const fontSizes = { small: 12, default: 14, medium: 14, large: 18, extraLarge: 24 };
const fontWeights = { lighter: 300, default: 400, bolder: 600 };
const label = { size: 'Default', color: 'Default', isSubtle: false, weight: 'Default' };

export const teamsLook = {
  choiceSetInputValueSeparator: ',',
  supportsInteractivity: true,
  spacing: { small: 8, default: 12, medium: 16, large: 20, extraLarge: 24, padding: 16 },
  separator: { lineThickness: 1, lineColor: 'var(--teams-line)' },
  imageSizes: { small: 32, medium: 52, large: 100 },
  fontTypes: {
    default: { fontFamily: 'inherit', fontSizes, fontWeights },
    monospace: { fontFamily: "Consolas, 'Courier New', monospace", fontSizes, fontWeights },
  },
  textStyles: { heading: { fontType: 'default', size: 'large', weight: 'bolder', color: 'default', isSubtle: false } },
  textBlock: { headingLevel: 3 },
  containerStyles: {
    default: container('card'),
    emphasis: container('emphasis'),
    accent: container('accent-ground'),
    good: container('good-ground'),
    warning: container('warning-ground'),
    attention: container('attention-ground'),
  },
  actions: {
    maxActions: 6,
    spacing: 'Default',
    buttonSpacing: 8,
    showCard: { actionMode: 'Inline', inlineTopMargin: 12, style: 'emphasis' },
    preExpandSingleShowCardAction: false,
    actionsOrientation: 'Horizontal',
    actionAlignment: 'Left',
  },
  adaptiveCard: { allowCustomStyle: false },
  imageSet: { imageSize: 'Medium', maxImageHeight: 100 },
  factSet: { title: { ...label, weight: 'Bolder', wrap: true }, value: { ...label, wrap: true }, spacing: 16 },
  inputs: {
    label: {
      inputSpacing: 'Small',
      requiredInputs: { ...label, weight: 'Bolder', suffix: ' *', suffixColor: 'Attention' },
      optionalInputs: { ...label, weight: 'Bolder' },
    },
    errorMessage: { size: 'Small', color: 'Attention' },
  },
};
