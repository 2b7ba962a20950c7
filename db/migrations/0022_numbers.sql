-- A later request, order or fault has the greater number, whichever connection made it: people read the order of things from it.
alter sequence spoken_number cache 1;
