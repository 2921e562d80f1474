/** What a card or History says about something that was found in Defender. */

export const foundWaiting =
  'Found waiting for approval in Defender. What is decided here does not close the item there: it stays until somebody does or it runs out.';
export const clusterCut = (named: number, count: number): string => `Only ${named} of its ${count} messages are named here.`;
export const startedThere = (by: string | null): string =>
  by === null ? 'Started in Defender, not here.' : `Started in Defender by ${by}, not here.`;
export const commented = (comment: string): string => `Comment there: ${comment}`;
export const stoodAt = (status: string): string => `When it was read, Defender reported: ${status}.`;
export const namelessAlert = 'Alert without a title';
export const unknownDevice = 'unknown device';
export const foundByInvestigation = 'Proposed by an automated investigation.';
export const namelessInvestigation = 'Automated investigation';
export const huntingLacksTable =
  'Advanced hunting does not take the question about investigations: the table CloudAppEvents needs Defender for Cloud Apps with the Microsoft 365 connector.';
export const huntingTrouble = (message: string): string => `Investigations could not be looked up by hunting: ${message}.`;
