import type { Pool } from 'pg';

/**
 * Resolves when every connection of a pool is closed. Its own `end` resolves while they are closing still: a database that is stopped
 * next cuts them, and the pool tells nobody but `error`.
 */
export async function endPool(pool: Pool): Promise<void> {
  let open = pool.totalCount;
  const closed = new Promise<void>((resolve) => {
    if (open === 0) resolve();
    pool.on('remove', () => {
      open -= 1;
      if (open === 0) resolve();
    });
  });
  await pool.end();
  await closed;
}
