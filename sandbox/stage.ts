/** What the bot and the worker tell about an action on its way. Structurally the same as what they emit; neither side imports the other's. */
export type Stage = {
  stage: 'announced' | 'decided' | 'queued' | 'taken' | 'reported' | 'settled' | 'shown';
  actionId: string;
  decisionId: string | null;
  at: string;
  detail?: string;
  /** Of what is `shown`: where. */
  platform?: 'slack' | 'teams';
};
