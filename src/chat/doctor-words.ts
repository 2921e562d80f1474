/** What `countersign doctor` says and advises. Names of permissions and variables are exact, so that they can be searched for. */

/** As Entra lists the APIs where permissions are granted. */
const apiLabels = {
  graph: 'Microsoft Graph',
  defender: 'WindowsDefenderATP (under "APIs my organization uses")',
  office365: 'Office 365 Management APIs',
} as const;
/** As its token is called here. */
const tokenLabels = { graph: 'Microsoft Graph', defender: 'the Defender API', office365: 'the Office 365 feed' } as const;
export const tokenFor = (api: keyof typeof tokenLabels): string => `Token for ${tokenLabels[api]}`;

export const grantAdvice = (permission: string, api: keyof typeof apiLabels, clientId: string): string =>
  `Grant ${permission}: Entra admin center, App registrations, ${clientId}, API permissions, Add a permission, ${apiLabels[api]}, Application permissions; then Grant admin consent.`;
export const granted = (permission: string): string => `${permission} is granted`;
export const notGranted = (permission: string): string => `${permission} is not granted`;
export const notSaid = 'The token does not say what it may do.';
export const tokenGiven = 'a token was given';
export const credentialsAdvice = (names: string): string =>
  `Check ${names}: the app, its secret (it may have run out) or certificate, the tenant, and that the login service can be reached from here.`;

export const configurationReads = 'every variable can be used';
export const configurationAdvice = 'Correct it; .env.example explains each variable.';
export const policyReads = 'can be used';
export const policyAdvice = 'Run `countersign policy check` and correct the lines it names.';
export const storeReady = (where: string, missing: number): string =>
  missing === 0 ? `${where}, schema up to date` : `${where}; the next start brings its schema up to date (${missing} steps)`;
export const storeAdvice = 'Check DATABASE_URL: address, user, password, and that the server lets this machine in.';
export const embeddedReady = 'the embedded database; its folder can be written';
export const embeddedAdvice = 'Make the folder of DATA_DIR writable for the user Countersign runs as.';
export const redisAdvice = 'Check REDIS_URL, and what the warning says about the server.';
export const queuesInRecord = 'REDIS_URL is not set: the queues are in the database, for one process';
export const redisReady = (where: string): string => `${where} answers and keeps what it is given`;

export const slackOff = 'off: SLACK_BOT_TOKEN is not set';
export const slackAnswers = (team: string): string => `the bot token works in ${team}`;
export const slackAdvice = 'Check SLACK_BOT_TOKEN; install the app to the workspace again if the token was revoked.';
export const scopesUnknown = 'Slack did not say which scopes the token has';
export const scopeAdvice = (scope: string): string =>
  `Add the bot scope ${scope}: api.slack.com/apps, your app, OAuth & Permissions, Bot Token Scopes; then Reinstall to Workspace.`;
export const teamsOff = 'off: MICROSOFT_APP_ID is not set';
export const managedIdentity = 'a managed identity; its token is only given on its own machine, so it was not tried';
export const emulatorOnly = 'an emulator on this machine; there are no credentials to try';
export const directoryIsFile = 'people and roles come from DIRECTORY_FILE; Microsoft Graph is not asked';
export const ingestOff = 'INGEST=off: nothing is read from Defender';
export const executorOff = (backend: string): string =>
  backend === 'defender'
    ? 'EXECUTOR_CLIENT_ID is not set here; check it where the worker runs'
    : `BACKEND=${backend}: nothing is carried out in Defender by Countersign`;

export const allWell = 'Nothing is missing.';
export const countOf = (count: number): string =>
  count === 1 ? '1 thing is missing or failed.' : `${count} things are missing or failed.`;
export const toDo = 'What to do:';
