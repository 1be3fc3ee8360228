import { randomUUID } from 'node:crypto';
import { readNotice, sendNotice, type Notice, type NoticeParts } from '../../src/operations/notices';
import { openTestStorage } from '../kit/postgres';

const template = 'Subject: What happened\n\nSomething did.\nSign in again.\n';
const notice = readNotice(template) as Notice;

let house: Awaited<ReturnType<typeof openTestStorage>>;
let people: readonly string[];

beforeAll(async () => {
  house = await openTestStorage();
  for (const email of ['ada@example.org', 'bob@example.org', 'carol@example.org', 'dan@example.org', 'eve@example.org'])
    await house.storage.users.saveByEmail({ id: randomUUID(), email, passwordHash: '-', roles: ['VIEWER'] });
  people = (await house.storage.userAdministration.list(null)).map(({ email }) => email);
});

afterAll(() => house.stop());

/** A mail server of this test's own. */
function outbox(answer: (to: string, count: number) => 'taken' | 'refused' | 'dies' = () => 'taken') {
  const mails: string[] = [];
  const deliver: NoticeParts['deliver'] = ({ to }) => {
    mails.push(to);
    const outcome = answer(to, mails.length);
    if (outcome === 'dies') return Promise.reject(new Error('the process ends here'));
    return Promise.resolve(outcome === 'taken' ? { isSent: true } : { isSent: false, reason: 'EENVELOPE 451' });
  };
  return { mails, deliver };
}

function send(text: Notice, box: ReturnType<typeof outbox>, options: Partial<NoticeParts> & { userId?: string } = {}) {
  const { userId = null, ...rest } = options;
  return sendNotice(text, userId, {
    ledger: house.storage.notices,
    deliver: box.deliver,
    maxAtOnce: 2,
    onProgress: () => undefined,
    signal: new AbortController().signal,
    ...rest,
  });
}

const another = (): Notice => readNotice(`Subject: ${randomUUID()}\n\nSomething did.\n`) as Notice;

it('mails everybody once, however often it is begun', async () => {
  const box = outbox();
  expect(await send(notice, box)).toEqual({ waiting: 0, sent: 5, unknown: 0 });
  expect(await send(notice, box)).toEqual({ waiting: 0, sent: 5, unknown: 0 });
  expect(box.mails.toSorted()).toEqual(people);
});

it('mails everybody once where two operators begin it at once', async () => {
  const [text, box] = [another(), outbox()];
  await Promise.all([send(text, box), send(text, box), send(text, box)]);
  expect(box.mails.toSorted()).toEqual(people);
});

it('goes on where it was cut off, and sends what was on its way then to nobody again', async () => {
  const text = another();
  const cut = outbox((_to, count) => (count === 3 ? 'dies' : 'taken'));
  await expect(send(text, cut, { maxAtOnce: 1 })).rejects.toThrow('the process ends here');
  const rest = outbox();
  expect(await send(text, rest)).toEqual({ waiting: 0, sent: 4, unknown: 1 });
  expect([...cut.mails, ...rest.mails].toSorted()).toEqual(people);
});

it('tries those again, and those alone, whom the mail server did not take it for', async () => {
  const text = another();
  const refusing = outbox((to) => (to.startsWith('bob') ? 'refused' : 'taken'));
  expect(await send(text, refusing)).toEqual({ waiting: 1, sent: 4, unknown: 0 });
  const box = outbox();
  expect(await send(text, box)).toEqual({ waiting: 0, sent: 5, unknown: 0 });
  expect(box.mails).toEqual(['bob@example.org']);
});

it('begins no further mail once it is told to stop, and goes on the next time', async () => {
  const text = another();
  const stopping = new AbortController();
  const box = outbox();
  const onProgress = (): void => {
    stopping.abort();
  };
  expect(await send(text, box, { maxAtOnce: 1, onProgress, signal: stopping.signal })).toMatchObject({ waiting: 4 });
  expect(await send(text, box)).toEqual({ waiting: 0, sent: 5, unknown: 0 });
  expect(box.mails.toSorted()).toEqual(people);
});

it('mails one user alone where one is named, disabled or not', async () => {
  const text = another();
  const eve = await house.storage.userAdministration.find('eve@example.org');
  await house.storage.userAdministration.setDisabled(eve!.id, true, { at: Date.now(), actor: 'test', ip: null });
  const box = outbox();
  expect(await send(text, box, { userId: eve!.id })).toEqual({ waiting: 0, sent: 1, unknown: 0 });
  expect(box.mails).toEqual(['eve@example.org']);
});

it.each([
  ['without a subject', 'Something did.\n', 'Subject:'],
  ['without a text', 'Subject: What happened\n\n \n', 'Subject:'],
  ['with a second header', 'Subject: What happened\nBcc: eve@example.org\n\nSomething did.\n', 'Subject:'],
  ['with a bell', 'Subject: What happened\n\nSomething did.\u0007\n', 'control characters'],
  ['that is not filled in', 'Subject: What happened\n\nOn […] something did.\n', 'not filled in'],
  ['that is too long', `Subject: What happened\n\n${'x'.repeat(32_769)}`, 'longer than 32768'],
])('takes no template %s', (_which, text, sentence) => {
  expect(readNotice(text)).toContain(sentence);
});
