import type { WireRequest, WireResponse } from '../server/wire';
import { ControlError, isRestFault, isSocketFault, parseFault } from './fault';
import type { FaultBoard, StandingFault } from './faultBoard';

/** What the control endpoint can see and do. */
export interface Controlled {
  readonly faults: FaultBoard;
  /** Everything that a test may want to count, ready for JSON. */
  state(): object;
  /** Cuts or freezes the sockets with a stream like this; says how many. */
  strike(kind: 'drop' | 'half-open', stream: string): number;
}

type Handle = (controlled: Controlled, request: WireRequest, id: string) => unknown;

const routes: readonly { readonly method: string; readonly path: RegExp; readonly handle: Handle }[] = [
  { method: 'GET', path: /^\/control\/state$/, handle: (controlled) => controlled.state() },
  { method: 'GET', path: /^\/control\/faults$/, handle: (controlled) => controlled.faults.list() },
  { method: 'POST', path: /^\/control\/faults$/, handle: (controlled, request) => inject(controlled, request.body) },
  {
    method: 'DELETE',
    path: /^\/control\/faults$/,
    handle: (controlled) => ({ cleared: controlled.faults.clear(null) }),
  },
  {
    method: 'DELETE',
    path: /^\/control\/faults\/(\d+)$/,
    handle: (controlled, _request, id) => {
      const cleared = controlled.faults.clear(Number(id));
      if (cleared === 0) throw new ControlError(`There is no fault ${id}.`, 404);
      return { cleared };
    },
  },
];

/** Answers a request under /control. */
export function respondToControl(controlled: Controlled, request: WireRequest): WireResponse {
  try {
    requireLoopback(request.headers.host);
    const atPath = routes.filter((route) => route.path.test(request.path));
    if (atPath.length === 0) throw new ControlError(`There is no ${request.path}.`, 404);
    const route = atPath.find((candidate) => candidate.method === request.method);
    if (route === undefined) throw new ControlError(`${request.path} does not answer ${request.method}.`, 405);
    const id = route.path.exec(request.path)?.[1] ?? '';
    return { status: 200, body: JSON.stringify(route.handle(controlled, request, id)) };
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

function inject(controlled: Controlled, body: string): StandingFault | { readonly struck: number } {
  const fault = parseFault(body);
  if (isSocketFault(fault)) return { struck: controlled.strike(fault.kind, fault.stream) };
  return isRestFault(fault) ? controlled.faults.addRestFault(fault) : controlled.faults.addFrameFault(fault);
}
