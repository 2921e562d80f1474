/** A dialog inside the panel of its platform: the rest of the page stays usable, so that somebody else can press in the meantime. */
import { type ReactNode, useEffect, useRef } from 'react';

type DialogProps = { title: string; onClose: () => void; footer?: ReactNode; children: ReactNode; isNarrow?: boolean };

export function Dialog({ title, onClose, footer, children, isNarrow }: DialogProps) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const first =
      box.current?.querySelector<HTMLElement>('textarea, input, select, footer button.go') ?? box.current?.querySelector('button');
    first?.focus();
  }, []);
  return (
    <div className="veil">
      <div
        ref={box}
        className={isNarrow ? 'dialog narrow' : 'dialog'}
        role="dialog"
        aria-label={title}
        onKeyDown={(event) => {
          if (event.key === 'Escape') onClose();
        }}
      >
        <header>
          <h3>{title}</h3>
          <button type="button" className="cross" aria-label="Close" onClick={onClose}>
            ×
          </button>
        </header>
        <div className="dialog-body">{children}</div>
        {footer ? <footer>{footer}</footer> : null}
      </div>
    </div>
  );
}
