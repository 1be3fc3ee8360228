import { Secret } from '../../src/domain/secret';
import { SecretError } from '../../src/secrets/secretError';
import { SecretWatch, type DatedSecret, type Taken } from '../../src/secrets/secretWatch';
import { BackgroundRunner } from '../../src/telemetry/backgroundRunner';
import { createLogger } from '../../src/telemetry/logger';
import { createMetrics } from '../../src/telemetry/metrics';
import { eventually } from '../kit/eventually';

const logger = createLogger('silent');
const runner = new BackgroundRunner({ logger, metrics: createMetrics() });

/** A secret of the test's, and what was taken of it. */
class Kept {
  value = 'first';
  changedAt: number | null = 1;
  readError: Error | null = null;
  takeError: Error | null = null;
  answer: Taken = 'used';
  reads = 0;
  readonly taken: string[] = [];

  constructor(readonly name: string) {}

  readonly first: DatedSecret = { text: new Secret('first'), changedAt: 1 };

  read(): Promise<DatedSecret> {
    this.reads += 1;
    return this.readError === null
      ? Promise.resolve({ text: new Secret(this.value), changedAt: this.changedAt })
      : Promise.reject(this.readError);
  }

  take(value: Secret): Promise<Taken> {
    if (this.takeError !== null) return Promise.reject(this.takeError);
    this.taken.push(value.reveal());
    return Promise.resolve(this.answer);
  }

  /** Two more readings: what one of them found has been dealt with. */
  async readTwice(): Promise<void> {
    const after = this.reads + 2;
    await eventually(() => this.reads >= after);
  }
}

let watch: SecretWatch | null = null;
let noted: (readonly [string, number | null])[] = [];

function follow(...secrets: Kept[]): SecretWatch {
  noted = [];
  const ages = { note: (name: string, changedAt: number | null) => void noted.push([name, changedAt]) };
  watch = new SecretWatch({ secrets, ages, refreshMs: 4, runner, logger, random: Math.random });
  watch.start();
  return watch;
}

afterEach(async () => {
  await watch?.stop();
});

it('takes a value once, and the one it was read with not at all', async () => {
  const secret = new Kept('A');
  const followed = follow(secret);
  await secret.readTwice();
  expect(secret.taken).toEqual([]);
  secret.value = 'second';
  await secret.readTwice();
  await secret.readTwice();
  expect(secret.taken).toEqual(['second']);
  expect(followed.check()).toMatchObject({ healthy: true });
});

it('keeps the last good value where it cannot be read, and says so until it can', async () => {
  const [broken, well] = [new Kept('A'), new Kept('B')];
  const followed = follow(broken, well);
  broken.readError = new SecretError('unavailable', 'A cannot be read.');
  well.value = 'second';
  await broken.readTwice();
  expect([broken.taken, well.taken]).toEqual([[], ['second']]);
  expect(followed.check()).toEqual({
    name: 'secrets',
    healthy: false,
    detail: 'A: its last good value is used: A cannot be read.',
  });
  broken.readError = null;
  await eventually(() => followed.check().healthy);
});

it('tries a value that was refused again, for what it was refused for may have gone', async () => {
  const secret = new Kept('A');
  const followed = follow(secret);
  secret.takeError = new SecretError('refused', 'not yet.');
  secret.value = 'second';
  await eventually(() => followed.check().detail === 'A: its new value is not used: not yet.');
  secret.takeError = null;
  await eventually(() => followed.check().healthy);
  expect(secret.taken).toEqual(['second']);
});

it('tells since when a value is there that it lets be used, and nothing of one that stays the same or is refused', async () => {
  const secret = new Kept('A');
  follow(secret);
  secret.changedAt = 2;
  await secret.readTwice();
  secret.takeError = new SecretError('refused', 'not yet.');
  secret.value = 'second';
  await secret.readTwice();
  expect(noted).toEqual([]);
  secret.takeError = null;
  await eventually(() => noted.length > 0);
  expect(noted).toEqual([['A', 2]]);
});

it('says that a restart is needed for as long as the other value is there', async () => {
  const secret = new Kept('A');
  const followed = follow(secret);
  secret.answer = 'needsRestart';
  secret.value = 'second';
  await eventually(() => /restart needed/.test(followed.check().detail));
  secret.value = 'first';
  await eventually(() => followed.check().healthy);
});

it('repeats nothing of what an error says that is not ours', async () => {
  const secret = new Kept('A');
  const followed = follow(secret);
  secret.readError = new TypeError('very-secret is no URL');
  await eventually(() => !followed.check().healthy);
  expect(followed.check().detail).toBe('A: its last good value is used: unknown failure (TypeError).');
});

it('reads nothing once it was stopped', async () => {
  const secret = new Kept('A');
  const followed = follow(secret);
  await secret.readTwice();
  await followed.stop();
  const { reads } = secret;
  const other = new Kept('B');
  follow(other);
  await other.readTwice();
  expect(secret.reads).toBe(reads);
});
