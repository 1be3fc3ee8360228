import { reportFailure } from '../../src/cli/commandError';
import { AppError } from '../../src/errors/appError';
import { IdentityError } from '../../src/identity/identityError';

/** What it tells, and how the process would end. */
function told(error: unknown): readonly [string, typeof process.exitCode] {
  const [write, before] = [process.stderr.write.bind(process.stderr), process.exitCode];
  let text = '';
  process.stderr.write = (said: string | Uint8Array): boolean => {
    text += String(said);
    return true;
  };
  try {
    reportFailure(error);
    return [text, process.exitCode];
  } finally {
    process.stderr.write = write;
    process.exitCode = before;
  }
}

it('ends with 69 where another try may do, or as what lies behind it says, and shows no stack then', () => {
  const { publicMessage } = new AppError('EXCHANGE_UNAVAILABLE');
  expect(told(new AppError('EXCHANGE_UNAVAILABLE'))).toEqual([`${publicMessage}\n`, 69]);
  expect(told(new AppError('EXCHANGE_UNAVAILABLE', { cause: new Error('of a vendor') }))).toEqual([
    `${publicMessage}\n`,
    69,
  ]);
  const cause = new IdentityError('Vault refuses it: see its policy.', { exitStatus: 78 });
  expect(told(new AppError('EXCHANGE_UNAVAILABLE', { cause }))).toEqual([
    `${publicMessage} Vault refuses it: see its policy.\n`,
    78,
  ]);
});

it('ends with 70 and the stack where nobody foresaw it', () => {
  for (const error of [new AppError('USER_NOT_FOUND'), new Error('unforeseen')])
    expect(told(error)).toEqual([expect.stringMatching(/^\w+: .*\n +at /), 70]);
});
