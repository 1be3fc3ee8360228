import { ControlError } from './controlError';
import { frameFaultKinds, restFaultKinds, socketFaultKinds, type Fault, type RestFault } from './fault';
import { Fields } from './fields';

const allKinds = [...frameFaultKinds, ...restFaultKinds, ...socketFaultKinds];
/** Kinds that stand for a refusal at the exchange's gate: nothing is carried out unless the fault says so. */
const refusals: readonly RestFault['kind'][] = ['rate-limit', 'ban', 'bad-gateway'];

const victimFields = ['content', 'count', 'probability', 'seed'];
const restFields = ['path', 'method', 'executes', 'delayBeforeMs', 'delayMs', 'holdAt', 'retryAfterSeconds'];
const frameFields: Readonly<Partial<Record<string, readonly string[]>>> = {
  duplicate: ['times'],
  delay: ['delayMs'],
  reorder: ['behind', 'delayMs'],
};

/** Reads a fault from the body of a control request. Throws ControlError with a sentence that says what is wrong. */
export function parseFault(body: string): Fault {
  const fields = new Fields(body);
  const kind = fields.text('kind', null);
  const allow = (names: readonly string[]): void => {
    fields.allow(`A fault of kind "${kind}"`, ['kind', ...names]);
  };
  if (isOneOf(frameFaultKinds, kind)) {
    allow(['stream', ...victimFields, ...(frameFields[kind] ?? [])]);
    return {
      kind,
      stream: fields.text('stream', '*'),
      // A gap or a broken frame without a count is one; a stall lasts until it is cleared.
      ...victims(fields, kind === 'stall' ? null : 1),
      times: fields.whole('times', 2),
      delayMs: fields.whole('delayMs', 1000),
      behind: fields.whole('behind', 1),
    };
  }
  if (isOneOf(restFaultKinds, kind)) {
    allow([...victimFields, ...restFields]);
    return parseRestFault(kind, fields);
  }
  if (isOneOf(socketFaultKinds, kind)) {
    allow(['stream']);
    return { kind, stream: fields.text('stream', '*') };
  }
  throw new ControlError(`"kind" must be one of ${allKinds.join(', ')}, not "${kind}".`);
}

function parseRestFault(kind: RestFault['kind'], fields: Fields): RestFault {
  const holdAt = fields.oneOf('holdAt', ['before', 'after', 'none'], kind === 'hold' ? 'after' : 'none');
  return {
    kind,
    path: fields.text('path', '*'),
    method: fields.optionalText('method'),
    ...victims(fields, null),
    executes: fields.flag('executes', !refusals.includes(kind)),
    delayBeforeMs: fields.whole('delayBeforeMs', 0),
    delayMs: fields.whole('delayMs', kind === 'slow' ? 1000 : 0),
    holdAt: holdAt === 'none' ? null : holdAt,
    retryAfterSeconds: fields.whole('retryAfterSeconds', 1),
  };
}

function victims(fields: Fields, count: number | null): Pick<RestFault, 'content' | 'count' | 'probability' | 'seed'> {
  return {
    content: fields.text('content', '*'),
    // Where chance decides, it goes on deciding.
    count: fields.count(fields.probability() < 1 ? null : count),
    probability: fields.probability(),
    seed: fields.text('seed', 'fault'),
  };
}

function isOneOf<T extends string>(kinds: readonly T[], kind: string): kind is T {
  return (kinds as readonly string[]).includes(kind);
}
