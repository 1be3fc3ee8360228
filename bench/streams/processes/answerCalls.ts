import type { Answer, Calls, Handlers, Question } from './calls';

/** The asked side, in a process of its own. It ends with the process that asks. */
export function answerCalls<Asked extends Calls>(handlers: Handlers<Asked>): void {
  process.on('message', (question: Question) => {
    void answer(handlers, question);
  });
  process.on('disconnect', () => process.exit());
  // The asking process ends this one, after it has put away what it has.
  process.on('SIGINT', () => undefined);
}

async function answer<Asked extends Calls>(handlers: Handlers<Asked>, { id, name, ask }: Question): Promise<void> {
  const tell = (message: Answer): void => {
    process.send?.(message);
  };
  try {
    const handle = handlers[name];
    if (handle === undefined) throw new Error(`nobody answers to ${name}`);
    tell({ id, answer: await handle(ask) });
  } catch (error) {
    tell({ id, failure: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}
