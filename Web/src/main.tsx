import { isForCrew, lastLook } from './look';

// Two applications behind one address: the crews', small enough for a slow line, and everybody else's.
void (isForCrew(location.pathname, lastLook()) ? import('./crew/start') : import('./start'));
