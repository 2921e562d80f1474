/**
 * Foreign text on its way to Teams. In a card it goes into a TextRun, which is shown literally; the few places that are plain strings (notification,
 * fall-back text, speech) may be read as Markdown, HTML or SSML by one client or another, so nothing in them may mean anything there.
 */
import { showTexts } from '../show-words.ts';

/**
 * The same text in pieces: put side by side they read as the whole, and none of them holds the start of an expression of a card template or of the
 * `{{DATE()}}` that clients fill in.
 */
export function literalPieces(text: string): string[] {
  return text.split(/(?<=\$)(?=\{)|(?<=\{)(?=\{)/);
}

/** Nothing live in Markdown or HTML, and still readable by eye: look-alikes instead of escapes, which some clients would show. */
export function plainText(text: string): string {
  return text
    .replaceAll('<', '‹')
    .replaceAll('>', '›')
    .replace(/&(?=#?\w+;)/g, '& ')
    .replace(/\](?=[([:])/g, '] ')
    .replaceAll('${', '$ {')
    .replace(/\{(?=\{)/g, '{ ');
}

/** `speak` is plain text or SSML; after this it is the same in both. */
export function spokenText(text: string): string {
  return plainText(text)
    .replace(/[‹›]/g, ' ')
    .replace(/\s*&\s*/g, showTexts.ampersand)
    .replace(/\s+/g, ' ')
    .trim();
}
