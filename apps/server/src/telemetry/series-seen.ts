/** What of a subject's series whoever asks may see. */
import type { SubjectId } from '@ausculta/vitals/identity';
import { viewing } from '../database/viewing.ts';
import type { Registry } from '../devices/registry.ts';
import type { Series } from '../line/entry.ts';
import type { Span } from './merge.ts';

export function seriesSeen(
  { registry }: { readonly registry: Pick<Registry, 'seriesOfSubject'> },
  subjectId: SubjectId,
): readonly Series[] {
  const all = registry.seriesOfSubject(subjectId);
  const viewer = viewing();
  if (viewer === undefined) return all;
  return all.filter(({ metric }) => viewer.seesMetric(subjectId, metric));
}

/** The part of the time that is asked for; whoever was given one stay sees nothing beyond it. */
export function spanSeen<Asked extends Span & { readonly subjectId: SubjectId }>(
  asked: Asked,
): Asked {
  const open = viewing()?.spanOf(asked.subjectId);
  if (open === undefined) return asked;
  const fromMs = Math.max(asked.fromMs, open.fromMs);
  return { ...asked, fromMs, toMs: Math.max(fromMs, Math.min(asked.toMs, open.toMs)) };
}
