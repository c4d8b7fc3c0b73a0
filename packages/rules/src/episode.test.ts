import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AlarmPriority } from '@ausculta/vitals/alarm';
import { type EpisodeMember, foldEpisode, NO_EPISODE } from './episode.ts';
import { type LimitState, QUIET } from './limit.ts';

const raisedSince = (sinceMs: number): LimitState => ({
  ...QUIET,
  phase: 'raised',
  sinceMs,
  raisedAtMs: sinceMs + 10_000,
});

function member(
  seriesId: number,
  sinceMs: number | undefined,
  priority: AlarmPriority = 'high',
): EpisodeMember {
  return { seriesId, priority, state: sinceMs === undefined ? QUIET : raisedSince(sinceMs) };
}

/** Feeds one set of members after the other. */
function fold(...steps: readonly EpisodeMember[][]) {
  let episode = NO_EPISODE;
  const told: string[] = [];
  for (const members of steps) {
    const step = foldEpisode(episode, members);
    episode = step.episode;
    if (step.transition) told.push(step.transition);
  }
  return { episode, told };
}

test('no series beyond its limit is no episode', () => {
  const { episode, told } = fold([], [member(1, undefined), member(2, undefined)]);
  assert.deepEqual([episode, told], [NO_EPISODE, []]);
});

test('one breach seen by two devices is one episode, until both are over', () => {
  const { told } = fold(
    [member(1, 1_000), member(2, undefined)],
    [member(1, 1_000), member(2, 3_000)],
    [member(1, undefined), member(2, 3_000)],
    [member(1, undefined), member(2, undefined)],
  );
  assert.deepEqual(told, ['raised', 'ended']);
});

test('the opening reading stays, though its series is over or an earlier one is found', () => {
  const opened = fold([member(2, 3_000)], [member(1, 1_000), member(2, 3_000)]);
  assert.equal(opened.episode.sinceMs, 3_000);
  assert.deepEqual(opened.episode.seriesIds, [1, 2]);
  const handed = fold([member(1, 1_000)], [member(1, undefined), member(2, 3_000)]);
  assert.equal(handed.episode.sinceMs, 1_000);
  assert.deepEqual(handed.episode.seriesIds, [2]);
});

test('of series that are raised at once the earliest opens', () => {
  assert.equal(fold([member(1, 5_000), member(2, 2_000)]).episode.sinceMs, 2_000);
});

test('an outer limit makes the episode rise, and it does not fall again', () => {
  const inner = member(1, 1_000, 'medium');
  const { episode, told } = fold(
    [inner, member(1, undefined, 'high')],
    [inner, member(1, 4_000, 'high')],
    [inner, member(1, undefined, 'high')],
  );
  assert.deepEqual(told, ['raised', 'risen']);
  assert.equal(episode.priority, 'high');
  assert.deepEqual(episode.seriesIds, [1]);
});

test('the next episode begins anew', () => {
  const { episode, told } = fold(
    [member(1, 1_000, 'high')],
    [member(1, undefined)],
    [member(1, 9_000, 'medium')],
  );
  assert.deepEqual(told, ['raised', 'ended', 'raised']);
  assert.deepEqual([episode.sinceMs, episode.priority], [9_000, 'medium']);
});
