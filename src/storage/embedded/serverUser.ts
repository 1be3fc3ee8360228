import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';

/** Whom PostgreSQL runs as; null where that is this process's own user. */
export type ServerUser = { readonly uid: number; readonly gid: number } | null;

/** Unprivileged users that PostgreSQL may run as where we are root, in this order. */
const candidates = ['tickgate', 'postgres', 'nobody'];
const fallback = { uid: 65_534, gid: 65_534 };

/**
 * PostgreSQL refuses to run as root. As root it runs as the owner of the data that is there already,
 * else as the first unprivileged user of this system that is made for it.
 */
export function chooseServerUser(parts: { readonly isRoot: boolean; readonly dataDir: string }): ServerUser {
  if (!parts.isRoot) return null;
  return ownerOf(parts.dataDir) ?? systemUser();
}

function ownerOf(folder: string): ServerUser {
  const stat = statSync(folder, { throwIfNoEntry: false });
  return stat === undefined || stat.uid === 0 ? null : { uid: stat.uid, gid: stat.gid };
}

function systemUser(): ServerUser {
  let lines: readonly string[];
  try {
    lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  } catch {
    return fallback;
  }
  for (const name of candidates) {
    const [, , uid, gid] = lines.find((line) => line.startsWith(`${name}:`))?.split(':') ?? [];
    if (uid !== undefined && gid !== undefined && uid !== '0') return { uid: Number(uid), gid: Number(gid) };
  }
  return fallback;
}

/** Options of `spawn` that make a child run as the user. */
export function asUser(user: ServerUser): { readonly uid?: number; readonly gid?: number } {
  return user ?? {};
}

/** Asks the system itself, as that user, so that mode bits, access lists and mounts all count. */
export function mayEnter(folder: string, user: ServerUser): boolean {
  return succeeds('cd "$1"', folder, user);
}

export function mayExecute(file: string, user: ServerUser): boolean {
  return succeeds('test -x "$1" && test -r "$1"', file, user);
}

function succeeds(script: string, argument: string, user: ServerUser): boolean {
  if (user === null) return true;
  return spawnSync('/bin/sh', ['-c', script, 'sh', argument], { ...user, cwd: '/', stdio: 'ignore' }).status === 0;
}
