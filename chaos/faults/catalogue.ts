/** All faults, by name. */
import { controls } from './control.ts';
import { diskTroubles } from './disk.ts';
import type { Fault } from './fault.ts';
import { freezes } from './freezes.ts';
import { kills } from './kills.ts';
import { storeTroubles } from './store.ts';

const catalogue = { ...kills, ...freezes, ...storeTroubles, ...diskTroubles, ...controls };

export type FaultName = keyof typeof catalogue;

export const faults: Readonly<Record<FaultName, Fault>> = catalogue;
export const faultNames = Object.keys(faults) as FaultName[];
