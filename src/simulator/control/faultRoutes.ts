import { ControlError } from './controlError';
import type { ControlRoute } from './controlApi';
import { isRestFault, isSocketFault } from './fault';
import type { FaultBoard } from './faultBoard';
import type { HeldCalls } from './heldCalls';
import { parseFault } from './parseFault';

/** Faults and the calls that they hold. strike: cuts or freezes the sockets with a stream like this; says how many. */
export function faultRoutes(options: {
  readonly faults: FaultBoard;
  readonly heldCalls: HeldCalls;
  readonly strike: (kind: 'drop' | 'half-open', stream: string) => number;
}): readonly ControlRoute[] {
  const { faults, heldCalls } = options;
  const clear = (id: string | undefined): object => {
    const cleared = faults.clear(id === undefined ? null : Number(id));
    if (id !== undefined && cleared === 0) throw new ControlError(`There is no fault ${id}.`, 404);
    return { cleared };
  };
  const settle = (id: string | undefined, how: 'released' | 'forgotten'): object => {
    const count = heldCalls.settle(id === undefined ? null : Number(id), how);
    if (id !== undefined && count === 0) throw new ControlError(`There is no held call ${id}.`, 404);
    return { [how]: count };
  };
  return [
    { method: 'GET', path: /^\/control\/faults$/, handle: () => faults.list() },
    {
      method: 'POST',
      path: /^\/control\/faults$/,
      handle: ({ body }) => {
        const fault = parseFault(body);
        if (isSocketFault(fault)) return { struck: options.strike(fault.kind, fault.stream) };
        return isRestFault(fault) ? faults.addRestFault(fault) : faults.addFrameFault(fault);
      },
    },
    { method: 'DELETE', path: /^\/control\/faults(?:\/(\d+))?$/, handle: (_request, id) => clear(id) },
    { method: 'GET', path: /^\/control\/held$/, handle: () => heldCalls.list() },
    {
      method: 'POST',
      path: /^\/control\/held(?:\/(\d+))?\/release$/,
      handle: (_request, id) => settle(id, 'released'),
    },
    { method: 'DELETE', path: /^\/control\/held(?:\/(\d+))?$/, handle: (_request, id) => settle(id, 'forgotten') },
  ];
}
