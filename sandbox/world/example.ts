/** The shape of an example: what a producer would send, and how the page offers it. */

export type Group = 'Device' | 'Email' | 'Identity';

/** `body` lacks only the producer's id, which every raising invents anew. */
export type Example = {
  /** The action type is also the example's id. */
  type: string;
  label: string;
  group: Group;
  /** No public API carries this type out, so its card can only point to the portal. */
  decidedInDefender: boolean;
  body: Record<string, unknown>;
};

export type ExampleRow = {
  type: string;
  label: string;
  decidedInDefender?: true;
  source: string;
  severity: 'informational' | 'low' | 'medium' | 'high';
  title: string;
  details: string;
  asset: string;
  entities: Record<string, unknown>[];
  requestedBy: { kind: 'automation' | 'person' | 'application'; name: string; upn?: string };
  investigationId?: string;
  incidentId?: string;
  parameters?: Record<string, unknown>;
};
