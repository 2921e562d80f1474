/** The few words that stand in for what cannot be shown as it is. Imports nothing, so that everything may use it. */
export const showTexts = {
  empty: '(empty)',
  utc: (day: string, clock: string): string => `${day} ${clock} UTC`,
  /** `&`, read aloud. */
  ampersand: ' and ',
} as const;
