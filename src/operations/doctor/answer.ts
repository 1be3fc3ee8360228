import { once } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';

export interface Answer {
  readonly status: number;
  /** Each value of each header, by name in lower case. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly text: string;
}

/** For how long the doctor waits for whoever it asks from outside. */
export const timeoutMs = 5_000;
/** A refusal is short. */
const maxAnswerBytes = 65_536;

export class NothingAnswered extends Error {
  constructor() {
    super(`nothing answered within ${timeoutMs / 1_000} s`);
    this.name = 'NothingAnswered';
  }
}

/** The whole answer to what is sent off. Rejects where it is not there in time, or is cut off on the way. */
export async function answerTo(asking: ClientRequest): Promise<Answer> {
  // `once` hears it until the headers are there. What comes later the answer tells, too: heard by nobody here, it would end the process.
  asking.on('error', () => undefined);
  const impatience = setTimeout(() => asking.destroy(new NothingAnswered()), timeoutMs);
  try {
    const [answer] = (await once(asking, 'response')) as [IncomingMessage];
    return await read(answer);
  } finally {
    clearTimeout(impatience);
  }
}

async function read(answer: IncomingMessage): Promise<Answer> {
  let text = '';
  for await (const chunk of answer) {
    text += String(chunk);
    if (text.length > maxAnswerBytes) break;
  }
  const found = Object.entries(answer.headersDistinct).map(([name, values]) => [name, values ?? []] as const);
  return { status: answer.statusCode ?? 0, headers: Object.fromEntries(found), text };
}
