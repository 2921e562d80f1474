/** `undo ID ID ...`: which actions somebody wants undone. Nothing is undone by the command itself. Pure. */

const actionId = /^A-[0-9A-HJKMNP-TV-Z]{26}$/i;

export type UndoCommand = { name: 'undo'; ids: string[] };
/** `given`: the first word that is no id. */
export type UndoProblem = { kind: 'undo-needs-ids'; given: string | null };

/** Every word has to be an id: undoing most of what somebody meant is worse than asking again. */
export function parseUndo(rest: readonly string[]): { command: UndoCommand } | { problem: UndoProblem } {
  const wanted = rest.filter((token) => !['action', 'actions', 'and'].includes(token.toLowerCase()));
  const wrong = wanted.find((token) => !actionId.test(token));
  if (wrong !== undefined || wanted.length === 0) return { problem: { kind: 'undo-needs-ids', given: wrong ?? null } };
  return { command: { name: 'undo', ids: [...new Set(wanted.map((token) => token.toUpperCase()))] } };
}
