import type { WireRequest, WireResponse } from '../server/wire';
import { ControlError } from './controlError';

/** One thing that can be asked of the control endpoint. */
export interface ControlRoute {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** The whole path; its groups are handed on. */
  readonly path: RegExp;
  /** Gives the answer, ready for JSON. Throws ControlError. */
  readonly handle: (request: WireRequest, ...groups: readonly string[]) => unknown;
}

/** Answers a request under /control. */
export function respondToControl(routes: readonly ControlRoute[], request: WireRequest): WireResponse {
  try {
    requireLoopback(request.headers.host);
    const atPath = routes.filter((route) => route.path.test(request.path));
    if (atPath.length === 0) throw new ControlError(`There is no ${request.path}.`, 404);
    const route = atPath.find((candidate) => candidate.method === request.method);
    if (route === undefined) throw new ControlError(`${request.path} does not answer ${request.method}.`, 405);
    const groups = route.path.exec(request.path)?.slice(1) ?? [];
    return { status: 200, body: JSON.stringify(route.handle(request, ...groups)) };
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    return { status: error.status, body: JSON.stringify({ error: error.message }) };
  }
}

/** A page of another origin that points its own name at this machine (DNS rebinding) does not get in. */
function requireLoopback(host = ''): void {
  if (/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host)) return;
  throw new ControlError('The control endpoint answers at 127.0.0.1 and localhost only.', 403);
}
