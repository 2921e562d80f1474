/** The one escape function for Slack: after it a text holds no link, mention or command (`<!channel>`, `<@U1>`, `<https://...|...>`). */
export function escapeMrkdwn(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
