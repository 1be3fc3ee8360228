import { Field, InputType, Int } from 'type-graphql';
import { DecimalScalar } from '../scalar/scalars';

@InputType('RiskLimitsInput', { description: 'What is left out stays as it is; null takes the limit away.' })
export class RiskLimitsInput {
  @Field(() => DecimalScalar, { nullable: true })
  readonly maxOrderNotional?: string | null;
  @Field(() => DecimalScalar, { nullable: true })
  readonly maxPositionNotional?: string | null;
  @Field(() => DecimalScalar, { nullable: true })
  readonly maxDailyLoss?: string | null;
  @Field(() => DecimalScalar, { nullable: true, description: 'A fraction of the high-water mark: "0.2" is 20 %.' })
  readonly maxDrawdown?: string | null;
  @Field(() => Int, { nullable: true })
  readonly maxOrdersPerMinute?: number | null;
  @Field(() => Int, { nullable: true })
  readonly maxPriceAgeMs?: number | null;
}
