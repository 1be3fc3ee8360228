import type { DataSource } from 'typeorm';
import type { EpochMs } from '../../domain/marketData';
import { toStoredEmail } from '../user.repository';

/** Where users have signed in from: an IPv4 address, or a /64 of IPv6. */
export class SignInAddresses {
  constructor(private readonly parts: { readonly dataSource: DataSource }) {}

  /** True where the user of this e-mail address, if there is one, signed in from there since. The same statement for everybody. */
  async isKnown(email: string, address: string, since: EpochMs): Promise<boolean> {
    const rows: unknown = await this.parts.dataSource.query(
      `SELECT EXISTS (SELECT FROM sign_in_addresses a JOIN users u ON u.id = a.user_id
         WHERE u.email = $1 AND a.address = $2 AND a.seen_at >= $3) AS known`,
      [toStoredEmail(email), address, new Date(since)],
    );
    return (rows as readonly { readonly known: boolean }[])[0]?.known ?? false;
  }

  /** Of a user who is gone nothing is kept. */
  async remember(userId: string, address: string, at: EpochMs): Promise<void> {
    await this.parts.dataSource.query(
      `INSERT INTO sign_in_addresses (user_id, address, seen_at) SELECT id, $2, $3 FROM users WHERE id = $1
         ON CONFLICT (user_id, address) DO UPDATE SET seen_at = greatest(sign_in_addresses.seen_at, EXCLUDED.seen_at)`,
      [userId, address, new Date(at)],
    );
  }

  async prune(before: EpochMs): Promise<void> {
    await this.parts.dataSource.query('DELETE FROM sign_in_addresses WHERE seen_at < $1', [new Date(before)]);
  }
}
