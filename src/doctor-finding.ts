/** What `countersign doctor` found about one thing. */
export type Standing = 'ok' | 'off' | 'advice' | 'missing' | 'failed';
export type Finding = {
  area: string;
  what: string;
  standing: Standing;
  /** One sentence, without any secret. */
  says: string;
  /** What to do; null when there is nothing to do. */
  fix: string | null;
};

export const ok = (area: string, what: string, says: string): Finding => ({ area, what, standing: 'ok', says, fix: null });
export const off = (area: string, what: string, says: string): Finding => ({ area, what, standing: 'off', says, fix: null });

/** No check may hold the others up. */
const checkMs = 8000;

/** Runs one check within its time; whatever it throws is its finding. */
export async function checking(area: string, what: string, run: () => Promise<Finding[]>, fix: string): Promise<Finding[]> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${checkMs / 1000} seconds`)), checkMs);
  try {
    return await Promise.race([run(), late]);
  } catch (error) {
    const says = error instanceof Error ? error.message : String(error);
    return [{ area, what, standing: 'failed', says, fix }];
  } finally {
    clearTimeout(timer);
  }
}
