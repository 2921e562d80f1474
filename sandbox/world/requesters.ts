/** Who asks for the actions of the examples. */
export const investigation = { kind: 'automation', name: 'Automated investigation' } as const;
export const detection = { kind: 'automation', name: 'Custom detection: rare parent of a script host' } as const;
export const playbook = { kind: 'application', name: 'Sentinel playbook' } as const;
export const pat = { kind: 'person', name: 'Pat Park', upn: 'pat.park@contoso.example' } as const;
