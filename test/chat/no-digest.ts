/** For tests that ask for no digest. */
import type { DigestFlows } from '../../src/chat/digest-command.ts';

const never = () => Promise.reject(new Error('no digest is asked for here'));

export const noDigest: DigestFlows = {
  standing: never,
  on: never,
  off: never,
  now: never,
  preview: never,
  draw: () => {
    throw new Error('no digest is drawn here');
  },
};
