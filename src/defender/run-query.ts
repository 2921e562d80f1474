/** Advanced hunting by Graph, for what only hunting data can tell. */
import { type Api, readAnswer } from './api.ts';
import type { Hunt } from './email.ts';
import { HuntingAnswer } from './payloads.ts';

const path = '/v1.0/security/runHuntingQuery';
const permission = 'ThreatHunting.Read.All';

export function huntThrough(api: Api): Hunt {
  return async (kql, signal) => {
    const call = { api: 'graph' as const, method: 'POST' as const, path, body: { Query: kql }, permission, urgency: 'poll' as const };
    return readAnswer(HuntingAnswer, await api.ask(call, signal)).results;
  };
}
