/** The pictures of a message as the platform has them, with the words that whoever does not see them gets. */
import type { SlackMessage, SlackWorld } from '../../sandbox/slack/types.ts';
import type { TeamsMessage } from '../../sandbox/teams/types.ts';

export type Pictured = { alt: string; bytes: Buffer | null };

export const picturesInSlack = (slack: SlackWorld, { blocks }: Pick<SlackMessage, 'blocks'>): Pictured[] =>
  ((blocks ?? []) as { type: string; alt_text?: string; slack_file?: { id: string } }[])
    .filter(({ type }) => type === 'image')
    .map((block) => ({ alt: block.alt_text ?? '', bytes: slack.file(block.slack_file?.id ?? '')?.bytes ?? null }));

export const picturesInTeams = ({ card }: Pick<TeamsMessage, 'card'>): Pictured[] =>
  ((card?.body ?? []) as { type: string; altText?: string; url?: string }[])
    .filter(({ type }) => type === 'Image')
    .map(({ altText = '', url = '' }) => ({ alt: altText, bytes: Buffer.from(url.split('base64,')[1] ?? '', 'base64') }));
