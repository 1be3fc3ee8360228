import { CreateUsers1763750000000 } from './1763750000000-createUsers';
import { TellUserChanges1763840000000 } from './1763840000000-tellUserChanges';
import { CreateTrading1763900000000 } from './1763900000000-createTrading';
import { CreatePaperExchange1763950000000 } from './1763950000000-createPaperExchange';
import { CreateEquityMarks1763960000000 } from './1763960000000-createEquityMarks';
import { TrackCredentials1763970000000 } from './1763970000000-trackCredentials';
import { AddOrderFees1763980000000 } from './1763980000000-addOrderFees';
import { IndexAccountEvents1763990000000 } from './1763990000000-indexAccountEvents';
import { IndexOrdersByChange1764000000000 } from './1764000000000-indexOrdersByChange';
import { CreateSigningKeys1764010000000 } from './1764010000000-createSigningKeys';
import { ChainAudit1764020000000 } from './1764020000000-chainAudit';
import { CreateSessions1764030000000 } from './1764030000000-createSessions';
import { CreatePasswordResets1764040000000 } from './1764040000000-createPasswordResets';
import { CreateSignInAddresses1764050000000 } from './1764050000000-createSignInAddresses';
import { CreateApiKeys1764060000000 } from './1764060000000-createApiKeys';
import { CreateSecondFactors1764070000000 } from './1764070000000-createSecondFactors';
import { EraseUsers1764080000000 } from './1764080000000-eraseUsers';
import { ApproveAccounts1764090000000 } from './1764090000000-approveAccounts';
import { BoundTexts1764100000000 } from './1764100000000-boundTexts';
import { SignApiKeys1764110000000 } from './1764110000000-signApiKeys';
import { GuardRows1764120000000 } from './1764120000000-guardRows';
import { LockService1764130000000 } from './1764130000000-lockService';
import { NoteNotices1764140000000 } from './1764140000000-noteNotices';
import { NumberSessionGenerations1764150000000 } from './1764150000000-numberSessionGenerations';

/** Every migration, oldest first. A list and not a file pattern: the compiler sees it, and sources and build hold the same. */
export const migrations = [
  CreateUsers1763750000000,
  TellUserChanges1763840000000,
  CreateTrading1763900000000,
  CreatePaperExchange1763950000000,
  CreateEquityMarks1763960000000,
  TrackCredentials1763970000000,
  AddOrderFees1763980000000,
  IndexAccountEvents1763990000000,
  IndexOrdersByChange1764000000000,
  CreateSigningKeys1764010000000,
  ChainAudit1764020000000,
  CreateSessions1764030000000,
  CreatePasswordResets1764040000000,
  CreateSignInAddresses1764050000000,
  CreateApiKeys1764060000000,
  CreateSecondFactors1764070000000,
  EraseUsers1764080000000,
  ApproveAccounts1764090000000,
  BoundTexts1764100000000,
  SignApiKeys1764110000000,
  GuardRows1764120000000,
  LockService1764130000000,
  NoteNotices1764140000000,
  NumberSessionGenerations1764150000000,
] as const;
