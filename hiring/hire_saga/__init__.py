"""The hire saga: reserve an opening, send the offer, await the answer (for days), fill the opening, tell the agency; or undo it all.

What belongs here: the order of the steps, what undoes each, hires made, given back and lost. What doesn't: the rules of jobs and offers
(their domains). Locks are taken in the order of ``hiring/flows``, the saga before all of them.
"""
