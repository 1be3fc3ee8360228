import { AppError } from '../../src/errors/appError';
import type { Principal } from '../../src/identity/principal';
import { authenticate, rateKeyOf } from '../../src/security/authentication';

const principal: Principal = {
  userId: 'u1',
  roles: ['VIEWER'],
  tokenId: 't',
  credential: { kind: 'session', id: 's' },
  scopes: null,
  verifiedAt: null,
  issuedAt: 0,
  expiresAt: 0,
};
const sentWith = (authorization: unknown) => ({
  ...{ ip: '1.2.3.4', method: 'POST', path: '/graphql', body: null },
  headers: { authorization },
});
const tokens = {
  verify: (token: string): Principal => {
    if (token === 'good') return principal;
    throw new AppError('UNAUTHENTICATED');
  },
};

describe('credentials', () => {
  it.each([undefined, null, ''])('that are not there are nobody: %p', async (none) => {
    expect(await authenticate(sentWith(none), tokens)).toBeNull();
  });

  it('in the form Bearer are checked', async () => {
    expect(await authenticate(sentWith('Bearer good'), tokens)).toBe(principal);
  });

  it.each([
    'Bearer bad',
    'good',
    'Basic good',
    'Bearer  good',
    'Bearer good extra',
    'Bearer',
    7,
    { token: 'good' },
    ['Bearer good'],
    `Bearer ${'a'.repeat(9_000)}`,
  ])('in any other form are refused, never taken for none: %p', async (bad) => {
    await expect(authenticate(sentWith(bad), tokens)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});

describe('whom limits are counted against', () => {
  it('is the user where there is one, whatever the address', () => {
    expect(rateKeyOf(principal, '1.2.3.4')).toBe('user:u1');
  });

  it.each([
    ['1.2.3.4', 'ip:1.2.3.4'],
    ['::ffff:1.2.3.4', 'ip:1.2.3.4'],
    ['2001:db8:1:2:3:4:5:6', 'ip:2001:db8:1:2::/64'],
    ['2001:db8:1:2:ffff::1', 'ip:2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002::', 'ip:2001:db8:1:2::/64'],
    ['2001:DB8::1', 'ip:2001:db8:0:0::/64'],
    ['::1', 'ip:0:0:0:0::/64'],
    ['fe80::1%eth0', 'ip:fe80:0:0:0::/64'],
  ])('is the address of a stranger, a whole /64 of IPv6: %s', (address, key) => {
    expect(rateKeyOf(null, address)).toBe(key);
  });
});
