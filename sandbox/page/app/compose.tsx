/** Where a person types what they want to say to the bot. */
import { type FormEvent, useState } from 'react';

type ComposeProps = { label: string; placeholder: string; onSend: (text: string) => Promise<boolean> };

export function Compose({ label, placeholder, onSend }: ComposeProps) {
  const [text, setText] = useState('');
  const [isBusy, setBusy] = useState(false);
  const send = async () => {
    setBusy(true);
    if (await onSend(text.trim())) setText('');
    setBusy(false);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() !== '' && !isBusy) void send();
  };
  return (
    <form className="compose" onSubmit={submit}>
      <input
        type="text"
        aria-label={label}
        placeholder={placeholder}
        value={text}
        maxLength={4000}
        autoComplete="off"
        onChange={(event) => setText(event.target.value)}
      />
      <button type="submit" className="quiet" disabled={isBusy || text.trim() === ''}>
        Send
      </button>
    </form>
  );
}
