import { isForCrew, lastLook } from './look';
import { sorry } from './sorry';

// Two applications behind one address: the crews', small enough for a slow line, and everybody else's.
(isForCrew(location.pathname, lastLook()) ? import('./crew/start') : import('./start')).catch(sorry);
