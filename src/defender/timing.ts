/** How patient we are with Defender. */
export type DefenderTiming = {
  /** The shortest pause between two looks at something that runs; the pauses grow with its age, up to sixty times this. */
  lookMs: number;
  /** Mail whose end hunting data does not show by then is reported as unconfirmed. */
  confirmMs: number;
  /** So long hunting data may take to show what a lost answer did. */
  doubtMs: number;
  /** The pause before a call is repeated that may not have arrived; it doubles with every try. */
  repeatMs: number;
};
export const usualDefenderTiming: DefenderTiming = { lookMs: 5000, confirmMs: 4 * 3_600_000, doubtMs: 1_800_000, repeatMs: 2000 };
