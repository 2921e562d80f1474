/** A time as Teams fills it in for whoever reads it; what stands in brackets is for clients that cannot. `at`: in whole seconds. */
export const momentText = (at: string, utc: string): string => `{{DATE(${at}, SHORT)}}, {{TIME(${at})}} your time (${utc})`;

/** The same where we know whose clock counts. `local`: what it shows. */
export const localTimeText = (local: string, utc: string): string => `${local} your time (${utc})`;
