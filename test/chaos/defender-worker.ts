/** A worker as `countersign worker` runs it, but for one wait: what hunting does not show within 20 s (instead of 30 minutes) never arrived. */
import { readConfig } from '../../src/config.ts';
import { usualDefenderTiming } from '../../src/defender/timing.ts';
import { launch } from '../../src/launch.ts';
import { openLog } from '../../src/log.ts';

const config = readConfig(process.env, { needs: 'worker' });
const defenderTiming = { ...usualDefenderTiming, doubtMs: 20_000 };
await launch(config, openLog(config.logLevel), { bot: false, worker: true }, { defenderTiming });
