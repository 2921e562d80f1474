/** Where a decision is on its way; told to whoever watches (the sandbox's page, tests). Nothing depends on anybody listening. */
export type Stage = {
  stage: 'announced' | 'decided' | 'queued' | 'taken' | 'reported' | 'settled' | 'shown';
  actionId: string;
  decisionId: string | null;
  at: string;
  detail?: string;
  /** Where something was shown. */
  platform?: 'slack' | 'teams';
};

export type Watch = (stage: Stage) => void;
