/** An Adaptive Card, drawn by Microsoft's renderer; what is pressed comes to us. Its text is never read as Markdown here, so it stays as it was written. */
import { type Action, AdaptiveCard, OpenUrlAction, SerializationContext } from 'adaptivecards/lib/card-elements.js';
import { HostConfig } from 'adaptivecards/lib/host-config.js';
import { GlobalRegistry } from 'adaptivecards/lib/registry.js';
import { Versions } from 'adaptivecards/lib/serialization.js';
// Registers itself; only the entry that also wants a carousel library would load it.
import { Table } from 'adaptivecards/lib/table.js';
import { useEffect, useRef, useState } from 'react';
import type { PageCard } from '../state.ts';
import { safeUrl } from './buttons.ts';
import { teamsLook } from './teams-look.ts';

/** What a person pressed on a card, and what they had filled in. */
export type CardPress = { button: string; inputs: Record<string, string> };

GlobalRegistry.defaultElements.register('Table', Table, Versions.v1_5);
const hostConfig = new HostConfig(teamsLook);

AdaptiveCard.onProcessMarkdown = (text, result) => {
  const literal = document.createElement('span');
  literal.textContent = text;
  result.outputHtml = literal.innerHTML;
  result.didProcess = true;
};

/** Without `onPress` there is nobody to send a press to: only links and what the card does by itself work. */
type TeamsCardProps = { card: PageCard; onPress?: ((press: CardPress) => Promise<void>) | undefined };

export function TeamsCard({ card, onPress }: TeamsCardProps) {
  const frame = useRef<HTMLDivElement>(null);
  const [isBusy, setBusy] = useState(false);
  const [failed, setFailed] = useState(false);
  // Every state that arrives is a new object; a card that is the same in substance keeps what was typed into it.
  const json = JSON.stringify(card);
  const press = useRef(onPress);
  press.current = onPress;

  useEffect(() => {
    const pressed = (action: Action) => {
      if (action instanceof OpenUrlAction) {
        const url = safeUrl(action.url ?? '');
        if (url !== null) window.open(url, '_blank', 'noopener,noreferrer');
        return;
      }
      if (!press.current) return;
      setBusy(true);
      void press.current({ button: action.title ?? '', inputs: inputsOf(action) }).finally(() => setBusy(false));
    };
    const drawn = draw(json, pressed);
    setFailed(drawn === null);
    frame.current?.replaceChildren(...(drawn ? [drawn] : []));
  }, [json]);

  return (
    <fieldset className="teams-card" disabled={isBusy} aria-busy={isBusy} aria-label="Card">
      <div ref={frame} />
      {failed ? <p className="undrawable">{String(card['fallbackText'] ?? 'This card cannot be shown here.')}</p> : null}
    </fieldset>
  );
}

/** Null: not drawable. One such card must not take the page with it. */
function draw(json: string, onPress: (action: Action) => void): HTMLElement | null {
  try {
    const drawing = new AdaptiveCard();
    drawing.hostConfig = hostConfig;
    drawing.onExecuteAction = onPress;
    drawing.onAnchorClicked = (_element, anchor) => safeUrl(anchor.href) === null;
    drawing.parse(JSON.parse(json), new SerializationContext());
    return drawing.render() ?? null;
  } catch {
    // Shown as its fall-back text, which is what Teams does.
    return null;
  }
}

function inputsOf(action: Action): Record<string, string> {
  const inputs = Object.values(action.getReferencedInputs() ?? {});
  return Object.fromEntries(inputs.flatMap(({ id, value }) => (id && value !== undefined ? [[id, String(value)]] : [])));
}
