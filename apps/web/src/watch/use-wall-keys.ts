import { useCallback, useEffect, useRef } from 'react';
import { findBed, moveFocus, type TypedBed, typeDigit } from './tile-keys.ts';

interface WallKeys {
  /** The bed of each tile, in their order. */
  readonly beds: readonly (string | undefined)[];
  readonly columns: number;
  readonly focusTile: (index: number) => void;
  readonly acknowledge: (subjectId: string) => void;
  /** Of the tile with the focus, or of whoever is heard when none has it. */
  readonly pauseSound: (subjectId: string | undefined) => void;
}

/** Digits jump to a bed, arrows move, A acknowledges, M pauses the sound. */
export function useWallKeys(keys: WallKeys): void {
  const { beds, columns, focusTile, acknowledge, pauseSound } = keys;
  const typed = useRef<TypedBed>(undefined);
  const onKey = useCallback(
    (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const tile = focusedTile(event.target);
      const id = tile?.dataset.subject;
      if (/^\d$/.test(event.key)) {
        typed.current = typeDigit(typed.current, { key: event.key, atMs: event.timeStamp });
        const found = findBed(beds, typed.current);
        if (found >= 0) focusTile(found);
      } else if (event.key.startsWith('Arrow') || event.key === 'Home' || event.key === 'End') {
        if (tile === undefined) return;
        const index = Number(tile.dataset.index);
        focusTile(moveFocus({ index, key: event.key, columns, count: beds.length }));
      } else if (event.key === 'a' && id !== undefined && canAcknowledge(tile)) {
        acknowledge(id);
      } else if (event.key === 'm') {
        pauseSound(id);
      } else return;
      event.preventDefault();
    },
    [beds, columns, focusTile, acknowledge, pauseSound],
  );
  useWindowKeys(onKey);
}

/** Safety S13: only what is seen to have the focus, with its strip in view. */
function canAcknowledge(tile: HTMLElement | undefined): boolean {
  return tile?.matches(':focus-visible') === true && tile.querySelector('canvas') !== null;
}

function focusedTile(target: EventTarget | null): HTMLElement | undefined {
  const isTile = target instanceof HTMLElement && target.dataset.testid === 'tile';
  return isTile ? target : undefined;
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.closest('input, textarea, select, [role="menu"], [role="dialog"]') !== null;
}

function useWindowKeys(onKey: (event: KeyboardEvent) => void): void {
  const latest = useRef(onKey);
  useEffect(() => {
    latest.current = onKey;
  }, [onKey]);
  useEffect(() => {
    const listen = (event: KeyboardEvent) => latest.current(event);
    window.addEventListener('keydown', listen);
    return () => window.removeEventListener('keydown', listen);
  }, []);
}
