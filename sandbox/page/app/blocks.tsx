/** Block Kit, drawn by slack-blocks-to-jsx; what is pressed comes to us, not to the library. */
import { Component, type MouseEvent, memo, type ReactNode, useRef } from 'react';
import { Message, type MessageProps } from 'slack-blocks-to-jsx';
import type { Block } from '../state.ts';
import { type Button, buttonsOf, safeUrl } from './buttons.ts';
import { useTheme } from './theme.ts';

export type Names = { users: { id: string; name: string }[]; channels: { id: string; name: string }[] };

const hooks: NonNullable<MessageProps['hooks']> = {
  link: ({ href, children }) => {
    const url = safeUrl(String(href));
    if (url === null) return <span>{children}</span>;
    return (
      <a className="slack_link" href={url} target="_blank" rel="noopener noreferrer">
        {children}
      </a>
    );
  },
};

type DrawnProps = { blocks: Block[]; names: Names; theme: 'light' | 'dark' };

/** Every state that arrives is a new object; what did not change in substance is not drawn again. */
const Drawn = memo(
  ({ blocks, names, theme }: DrawnProps) => (
    <Message blocks={blocks as MessageProps['blocks']} name="" logo="" theme={theme} withoutWrapper hooks={hooks} data={names} />
  ),
  (before, after) => before.theme === after.theme && JSON.stringify(before.blocks) === JSON.stringify(after.blocks),
);

const buttonSelector = 'button.slack_blocks_to_jsx__button_element';

type BlocksProps = { blocks: Block[]; text: string; names: Names; onPress?: (button: Button) => void };

export function Blocks({ blocks, text, names, onPress }: BlocksProps) {
  const frame = useRef<HTMLDivElement>(null);
  const theme = useTheme();
  const shown = blocks.length > 0 ? blocks : [{ type: 'section', text: { type: 'mrkdwn', text } }];

  const intercept = (event: MouseEvent) => {
    const target = event.target instanceof Element ? event.target : null;
    const pressed = target?.closest(buttonSelector);
    if (pressed) {
      // The library would open links and dialogs of its own.
      event.preventDefault();
      event.stopPropagation();
      const index = [...(frame.current?.querySelectorAll(buttonSelector) ?? [])].indexOf(pressed);
      const button = buttonsOf(shown)[index];
      if (button) onPress?.(button);
      return;
    }
    const link = target?.closest('a');
    if (link && safeUrl(link.href) === null) event.preventDefault();
  };

  return (
    // The keyboard reaches the real buttons inside; a key press on one of them arrives as a click.
    <div ref={frame} onClickCapture={intercept}>
      <Undrawable fallback={text}>
        <Drawn blocks={shown} names={names} theme={theme} />
      </Undrawable>
    </div>
  );
}

/** One message that the library cannot draw must not take the page with it. */
class Undrawable extends Component<{ fallback: string; children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    return this.state.failed ? <p className="undrawable">{this.props.fallback}</p> : this.props.children;
  }
}
