import type { IncomingMessage } from 'node:http';

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

export async function readAnswer(answer: IncomingMessage): Promise<Answer> {
  let text = '';
  for await (const chunk of answer) {
    text += String(chunk);
    if (text.length > maxAnswerBytes) break;
  }
  const found = Object.entries(answer.headersDistinct).map(([name, values]) => [name, values ?? []] as const);
  return { status: answer.statusCode ?? 0, headers: Object.fromEntries(found), text };
}
