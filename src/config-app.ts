/** What an app of Entra cannot do without: its tenant, its id, and a secret or a certificate with its key. */
export type AskedApp = {
  /** Begins the names of its variables. */
  prefix: 'ENTRA' | 'EXECUTOR';
  /** The setting that asks for it. */
  because: string;
  tenant: string;
  app: string;
};

/** What is missing or does not go together. `given` also holds what was set and cannot be read. */
export function missingFromApp(given: ReadonlySet<string>, { prefix, because, tenant, app }: AskedApp): string[] {
  const problems: string[] = [];
  const need = (name: string, why: string): void => {
    if (!given.has(name)) problems.push(`${name}: is needed with ${because}${why}`);
  };
  need('ENTRA_TENANT_ID', `: ${tenant}`);
  need(`${prefix}_CLIENT_ID`, `: ${app}`);
  const secret = `${prefix}_CLIENT_SECRET`;
  const files = [`${prefix}_CLIENT_CERTIFICATE_FILE`, `${prefix}_CLIENT_KEY_FILE`];
  const [certificate, key] = files.map((name) => given.has(name));
  if (!certificate && !key) need(secret, ' (or a certificate and its key)');
  else if (given.has(secret)) problems.push(`${secret}: a certificate is set as well; set one of the two`);
  if (certificate !== key) problems.push(`${files.join(' and ')}: belong together; set both`);
  return problems;
}
