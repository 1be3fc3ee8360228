import type { limits } from '../security/limits';

/** The numbers of `limits.socket`, some of which a deployment may set otherwise. */
export type SocketCaps = { readonly [Name in keyof typeof limits.socket]: number };
