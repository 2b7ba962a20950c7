import type { PlaceKind } from '../../api/client';

/** The kinds that may stand directly in a place of this kind, as the desk has it. */
export const within: Record<PlaceKind, readonly PlaceKind[]> = {
  community: ['phase', 'building', 'home', 'shop', 'parkingSpace', 'commonArea'],
  phase: ['building', 'home', 'shop', 'parkingSpace', 'commonArea'],
  building: ['entrance', 'floor', 'home', 'shop', 'parkingSpace', 'commonArea'],
  entrance: ['floor', 'home', 'shop', 'parkingSpace', 'commonArea'],
  floor: ['home', 'shop', 'parkingSpace', 'commonArea'],
  commonArea: ['shop', 'parkingSpace', 'commonArea'],
  home: [],
  shop: [],
  parkingSpace: [],
};
