/** Where Slack's Web API is: Slack's own, or what SLACK_API_URL names, with the slash at its end that methods are put behind. */
export const apiUrlOf = (given: string | null): string => (given ?? 'https://slack.com/api').replace(/\/*$/, '/');
