import { expect, test } from 'vitest';
import { buttonsOf, safeUrl } from '../../../sandbox/page/app/buttons.ts';

const button = (text: string, more: object = {}) => ({ type: 'button', action_id: text, text: { type: 'plain_text', text }, ...more });

test('finds the buttons in the order in which they are drawn', () => {
  const blocks = [
    { type: 'section', text: { type: 'mrkdwn', text: 'one' }, accessory: button('Beside') },
    { type: 'context', elements: [{ type: 'mrkdwn', text: 'no button' }] },
    { type: 'actions', elements: [button('Approve'), { type: 'overflow', options: [] }, button('Reject')] },
  ];
  expect(buttonsOf(blocks).map(({ text }) => text)).toEqual(['Beside', 'Approve', 'Reject']);
});

test('reads the confirm dialog as Slack fills it in', () => {
  const confirm = { title: { text: 'Sure?' }, text: { text: 'It cannot be undone.' }, style: 'danger' };
  const [found] = buttonsOf([{ type: 'actions', elements: [button('Delete', { confirm })] }]);
  expect(found?.confirm).toEqual({ title: 'Sure?', text: 'It cannot be undone.', confirm: 'Yes', deny: 'Cancel', isDanger: true });
});

test.each([
  'javascript:alert(1)',
  ' javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'data:text/html,x',
  'vbscript:x',
  'file:///etc/passwd',
  '/here',
  '',
])('lets no address like %s through', (url) => {
  expect(safeUrl(url)).toBeNull();
  expect(buttonsOf([{ type: 'actions', elements: [button('Go', { url })] }])[0]?.url).toBeNull();
});

test('lets web addresses through', () => {
  expect(safeUrl('https://security.microsoft.com/v2/advanced-hunting?query=x')).toBe(
    'https://security.microsoft.com/v2/advanced-hunting?query=x',
  );
});
