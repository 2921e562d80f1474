/**
 * PGlite that keeps what it acknowledged. As shipped it starts with fsync off, and even with fsync on its file system has no sync
 * operation, so that nothing is ever forced to the disk. This reaches into its internals: the version is pinned, and the start-up test
 * refuses to run when the reach misses.
 */
import { closeSync, constants, existsSync, fdatasyncSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { NodeFS } from '@electric-sql/pglite/nodefs';

export type DurablePglite = {
  db: PGlite;
  /** How many times data was forced to the disk so far. */
  syncs(): number;
};

type Stream = { nfd?: number; node: unknown };
type NodeFsOperations = { stream_ops: { fsync?: (stream: Stream) => number }; realPath(node: unknown): string };
type Start = Parameters<NodeFS['init']>;

class DurableNodeFs extends NodeFS {
  syncs = 0;

  override async init(...[pglite, options]: Start): ReturnType<NodeFS['init']> {
    const started = await super.init(pglite, options);
    const addSync = (module: { NODEFS: unknown }) => {
      const files = module.NODEFS as NodeFsOperations;
      files.stream_ops.fsync = (stream) => this.#sync(files, stream);
    };
    // Before the mount, which comes last in the list.
    started.emscriptenOpts.preRun = [addSync, ...(started.emscriptenOpts.preRun ?? [])];
    return started;
  }

  #sync(files: NodeFsOperations, stream: Stream): number {
    if (stream.nfd === undefined) {
      syncFolder(files.realPath(stream.node));
    } else {
      fdatasyncSync(stream.nfd);
      this.syncs += 1;
    }
    return 0;
  }
}

const settings = ['wal_sync_method=fsync', 'shared_buffers=16MB', 'timezone=UTC'];

/** Opens the database in `folder`, made first when there is none. */
export async function openDurablePglite(folder: string): Promise<DurablePglite> {
  if (!existsSync(folder)) await create(folder);
  const opened = await open(folder);
  try {
    await provesDurable(opened);
  } catch (error) {
    await opened.db.close();
    throw error;
  }
  return opened;
}

async function open(folder: string): Promise<DurablePglite> {
  const fs = new DurableNodeFs(folder);
  const startParams = PGlite.defaultStartParams.filter((param) => param !== '-F').concat(settings.flatMap((setting) => ['-c', setting]));
  const db = new PGlite({ dataDir: folder, fs, startParams });
  await db.waitReady;
  return { db, syncs: () => fs.syncs };
}

/** Made aside and moved into place whole: a process killed half way through leaves nothing that looks like a database. */
async function create(folder: string): Promise<void> {
  const unfinished = `${folder}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true, mode: 0o700 });
  const { db } = await open(unfinished);
  await db.close();
  syncTree(unfinished);
  renameSync(unfinished, folder);
  syncFolder(path.dirname(folder));
}

/** One commit must reach the disk. The message it writes to the log is read by nobody. */
export async function provesDurable({ db, syncs }: DurablePglite): Promise<void> {
  const before = syncs();
  await db.query("select pg_logical_emit_message(true, 'countersign', 'start-up test')");
  if (syncs() > before) return;
  throw new Error('The embedded database does not force commits to the disk: decisions could be lost. Set DATABASE_URL to a PostgreSQL.');
}

/** initdb does not sync; all that it wrote is forced to the disk here, once. */
function syncTree(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const full = path.join(folder, entry.name);
    if (entry.isDirectory()) syncTree(full);
    else if (entry.isFile()) syncOpened(full, constants.O_RDWR);
  }
  syncFolder(folder);
}

function syncFolder(folder: string): void {
  // Windows knows no such thing.
  if (process.platform !== 'win32') syncOpened(folder, constants.O_RDONLY);
}

function syncOpened(file: string, flags: number): void {
  const handle = openSync(file, flags);
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
