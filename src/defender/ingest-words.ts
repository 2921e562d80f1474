/** What a card or History says about something that was found in Defender. */

export const equivalent =
  "Found waiting for approval in Defender. Approving here does the same through Microsoft's API; the item in Defender stays there until somebody closes it or it runs out.";
export const onlyThere = 'Found waiting for approval in Defender, which offers no API for it: decide there.';
export const clusterCut = (named: number, count: number): string => `Only ${named} of its ${count} messages are named here.`;
export const startedThere = (by: string | null): string =>
  by === null ? 'Started in Defender, not here.' : `Started in Defender by ${by}, not here.`;
export const commented = (comment: string): string => `Comment there: ${comment}`;
export const stoodAt = (status: string): string => `When it was read, Defender reported: ${status}.`;
export const namelessAlert = 'Alert without a title';
export const unknownDevice = 'unknown device';
