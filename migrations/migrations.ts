import { CreateUsers1763750000000 } from './1763750000000-createUsers';
import { TellUserChanges1763840000000 } from './1763840000000-tellUserChanges';

/** Every migration, oldest first. A list and not a file pattern: the compiler sees it, and sources and build hold the same. */
export const migrations = [CreateUsers1763750000000, TellUserChanges1763840000000] as const;
