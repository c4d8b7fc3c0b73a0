/**
 * Who is called for an alarm, as an organisation has written it down: routes by ward, each a ladder of tiers.
 * What could leave an alarm without anybody is refused: a ward without a route, a last tier that may be empty.
 */
import { z } from 'zod';

/** A low alarm ends by itself: nobody is called for it. */
export const CALLED_PRIORITIES = ['high', 'medium'] as const;
export type CalledPriority = (typeof CALLED_PRIORITIES)[number];

const TIERS_MAX = 10;
const ROUTES_MAX = 50;
const HOUR_S = 3_600;
/** Nobody hears two calls in one breath, and a relay is not flooded. */
const REPEAT_MIN_S = 15;

const Seconds = (from: number) =>
  z.strictObject({
    high: z.number().int().min(from).max(HOUR_S),
    medium: z
      .number()
      .int()
      .min(from)
      .max(24 * HOUR_S),
  });

/** A duty that somebody is on, by the roster; one account; or a gateway of the house that calls by itself. */
export const Callee = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('duty'), duty: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/) }),
  z.strictObject({ kind: z.literal('account'), accountId: z.uuid() }),
  z.strictObject({
    kind: z.literal('gateway'),
    gateway: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/),
  }),
]);
export type Callee = z.infer<typeof Callee>;

/** By which a person is called: a mail, or a gateway that calls their number. */
export const CallChannel = z.union([
  z.literal('mail'),
  z.templateLiteral(['gateway/', z.string().regex(/^[a-z][a-z0-9-]{0,39}$/)]),
]);
export type CallChannel = z.infer<typeof CallChannel>;

export const Tier = z.strictObject({
  name: z.string().trim().min(1).max(60),
  who: z.array(Callee).min(1, 'calls nobody').max(20),
  /** For persons; a gateway of the house is its own channel. */
  channels: z.array(CallChannel).max(5).default([]),
  /** How long the tier before has to answer; of the first, how long screens alone have. */
  afterSeconds: Seconds(0),
  repeatSeconds: Seconds(REPEAT_MIN_S),
  /** So often a tier is called; the last one until somebody has answered. */
  rounds: z.number().int().min(1).max(100).default(3),
});
export type Tier = z.infer<typeof Tier>;

/** Minutes of the house's day, as "22:00". */
const Clock = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'is no time such as 22:00')
  .transform((text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3)));

const DaySpan = z
  .strictObject({ from: Clock, until: Clock })
  .refine(({ from, until }) => from !== until, 'has no length');

const Ladder = z
  .array(Tier)
  .min(1, 'calls nobody')
  .max(TIERS_MAX)
  .superRefine((tiers, context) => {
    tiers.forEach((tier, at) => {
      const hasPersons = tier.who.some(({ kind }) => kind !== 'gateway');
      if (hasPersons && tier.channels.length === 0)
        context.addIssue({
          code: 'custom',
          path: [at, 'channels'],
          message: 'names no channel by which its persons are called',
        });
    });
    // A roster may be empty just then: somebody has to be there who is always there.
    const isSure = tiers.at(-1)?.who.some(({ kind }) => kind !== 'duty') === true;
    if (tiers.length > 0 && !isSure)
      context.addIssue({
        code: 'custom',
        path: [tiers.length - 1, 'who'],
        message: 'is the last tier and may be empty: name an account or a gateway in it',
      });
  });

const Cover = z.strictObject({
  spans: z
    .array(
      z
        .strictObject({
          days: z.array(z.number().int().min(1).max(7)).min(1),
          from: Clock,
          until: Clock,
        })
        .refine(({ from, until }) => from < until, 'ends before it begins'),
    )
    .min(1)
    .max(20),
  /** Who is called outside these hours (safety S23). */
  outside: Ladder,
});

const Route = z.strictObject({
  name: z.string().trim().min(1).max(60),
  /** Empty: everywhere, and whoever lies nowhere. */
  units: z.array(z.string().trim().min(1).max(50)).max(50),
  tiers: Ladder,
  /** A medium alarm waits for their end; a high one never does (safety S10). */
  quiet: DaySpan.optional(),
  cover: Cover.optional(),
});
export type Route = z.infer<typeof Route>;

export const CallPolicy = z.strictObject({
  routes: z
    .array(Route)
    .min(1)
    .max(ROUTES_MAX)
    .superRefine((routes, context) => {
      routes.forEach(({ units }, at) => {
        const isLast = at === routes.length - 1;
        if (isLast && units.length > 0)
          context.addIssue({
            code: 'custom',
            path: [at, 'units'],
            message: 'is the last route and not for everywhere: some ward would have none',
          });
        if (!isLast && units.length === 0)
          context.addIssue({
            code: 'custom',
            path: [at, 'units'],
            message: 'is for everywhere: no route behind it would ever be taken',
          });
      });
    }),
});
export type CallPolicy = z.infer<typeof CallPolicy>;
/** As somebody writes it. */
export type CallPolicyGiven = z.input<typeof CallPolicy>;

/** Case and blanks at the ends are how somebody typed it. */
const plain = (unit: string): string => unit.trim().toUpperCase();

export function routeFor({ routes }: CallPolicy, unit: string | undefined): Route | undefined {
  const named = unit && routes.find(({ units }) => units.some((one) => plain(one) === plain(unit)));
  return named || routes.find(({ units }) => units.length === 0);
}

export const isSameUnit = (one: string, other: string): boolean => plain(one) === plain(other);
